"""An installation that is deployed: what its CloudFormation stack says of it."""

import boto3


def outputs_of(stack: str) -> dict[str, str]:
    """The stack's outputs by name."""
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def parameters_of(stack: str) -> dict[str, str]:
    """The parameters it was deployed with, by name."""
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {one["ParameterKey"]: one["ParameterValue"] for one in described.get("Parameters", [])}
