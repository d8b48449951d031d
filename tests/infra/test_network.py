"""The network of the function that speaks to routers: there when a VPN is asked for, and letting nothing else through."""

import json
from typing import Any

import pytest

from infra.package import PROJECT
from tests.infra.packaged import FUNCTIONS, Package

NETWORKED = "AWS::EC2::"
KINDS = {
    "CustomerGateway": 1,
    "FlowLog": 1,
    "Route": 1,
    "RouteTable": 1,
    "SecurityGroup": 2,
    "SecurityGroupEgress": 4,
    "SecurityGroupIngress": 1,
    "Subnet": 2,
    "SubnetRouteTableAssociation": 2,
    "VPC": 1,
    "VPCEndpoint": 2,
    "VPCGatewayAttachment": 1,
    "VPNConnection": 1,
    "VPNConnectionRoute": 1,
    "VPNGateway": 1,
}
"""All there is: no internet gateway, no NAT, no instance, no peering."""


def in_network(package: Package) -> dict[str, Any]:
    resources = package.template["Resources"]
    return {name: one for name, one in resources.items() if one["Type"].startswith(NETWORKED)}


def test_nothing_else_is_in_the_network(package: Package) -> None:
    kinds: dict[str, int] = {}
    for one in in_network(package).values():
        kind = one["Type"].removeprefix(NETWORKED)
        kinds[kind] = kinds.get(kind, 0) + 1
    assert kinds == KINDS


def test_without_an_address_of_the_isp_none_of_it_is_made(package: Package) -> None:
    assert package.template["Conditions"]["HasVpn"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "VpnGatewayAddress"}, ""]}]}
    assert package.template["Parameters"]["VpnGatewayAddress"]["Default"] == ""
    made = {*in_network(package), "FlowLogRole", "RefusedTrafficLog", "VpnIsDown"}
    assert {one for one in made if package.template["Resources"][one].get("Condition") != "HasVpn"} == set()
    others = json.dumps(
        {
            name: {**one, "Properties": {k: v for k, v in one.get("Properties", {}).items() if k != "VpcConfig"}}
            for name, one in package.template["Resources"].items()
            if name not in made
        }
    )
    assert not [name for name in made if f'"{name}"' in others], "what is always made may not lean on it"


def test_a_vpn_is_described_in_full_or_refused(package: Package) -> None:
    [rule] = package.template["Rules"].values()
    refused = [one["Assert"]["Fn::Not"][0]["Fn::Equals"] for one in rule["Assertions"]]
    assert refused == [[{"Ref": "RouterNetwork"}, "192.0.2.0/24"], [{"Ref": "DynamoDbPrefixList"}, ""]]
    assert package.template["Parameters"]["RouterNetwork"]["Default"] == "192.0.2.0/24"


def test_the_one_function_that_speaks_to_routers_is_in_it_and_no_other(package: Package) -> None:
    placed = {f: package.properties(f).get("VpcConfig") for f in FUNCTIONS}
    condition, inside, outside = placed.pop("ReachRouter")["Fn::If"]
    assert set(placed.values()) == {None}
    assert (condition, outside) == ("HasVpn", {"Ref": "AWS::NoValue"})
    assert inside == {
        "SubnetIds": [{"Ref": "SubnetA"}, {"Ref": "SubnetB"}],
        "SecurityGroupIds": [{"Fn::GetAtt": ["ReachRouterGroup", "GroupId"]}],
    }


def test_only_one_module_speaks_to_routers_and_it_is_in_no_other_function(package: Package) -> None:
    using = [
        path.relative_to(PROJECT).as_posix()
        for path in sorted((PROJECT / "chalicelib").rglob("*.py"))
        if "import librouteros" in path.read_text() or "from librouteros" in path.read_text()
    ]
    assert set(using) <= {"chalicelib/network/connection.py"}
    assert package.properties("ReachRouter")["Handler"] == "chalicelib.network.worker.reach_router"


def rules(package: Package, kind: str, group: str) -> list[dict[str, Any]]:
    found = [one["Properties"] for one in package.of_type(f"AWS::EC2::SecurityGroup{kind}").values()]
    return [one for one in found if one["GroupId"] == {"Fn::GetAtt": [group, "GroupId"]}]


def test_the_function_gets_to_the_ports_of_routers_to_dynamodb_and_to_kms_and_nowhere_else(package: Package) -> None:
    ways = ("CidrIp", "DestinationPrefixListId", "DestinationSecurityGroupId")
    port = {"RouterApiPort": {"Ref": "RouterApiPort"}, "RouterApiTlsPort": {"Ref": "RouterApiTlsPort"}}
    out = rules(package, "Egress", "ReachRouterGroup")
    assert all(one["IpProtocol"] == "tcp" and one["FromPort"] == one["ToPort"] for one in out)
    assert sorted(json.dumps([one["FromPort"], *(one[way] for way in ways if way in one)]) for one in out) == sorted(
        json.dumps(one)
        for one in (
            [port["RouterApiPort"], {"Ref": "RouterNetwork"}],
            [port["RouterApiTlsPort"], {"Ref": "RouterNetwork"}],
            [443, {"Ref": "DynamoDbPrefixList"}],
            [443, {"Fn::GetAtt": ["EndpointGroup", "GroupId"]}],
        )
    )
    defaults = {name: package.template["Parameters"][name]["Default"] for name in port}
    assert defaults == {"RouterApiPort": 8728, "RouterApiTlsPort": 8729}


def test_nobody_gets_in_but_the_function_to_the_endpoint(package: Package) -> None:
    assert rules(package, "Ingress", "ReachRouterGroup") == []
    [way_in] = rules(package, "Ingress", "EndpointGroup")
    assert way_in["SourceSecurityGroupId"] == {"Fn::GetAtt": ["ReachRouterGroup", "GroupId"]}
    assert (way_in["IpProtocol"], way_in["FromPort"], way_in["ToPort"]) == ("tcp", 443, 443)
    assert rules(package, "Egress", "EndpointGroup") == []
    for group in package.of_type("AWS::EC2::SecurityGroup").values():
        assert "SecurityGroupIngress" not in group["Properties"]
        [nothing] = group["Properties"]["SecurityGroupEgress"]
        assert nothing["CidrIp"] == "127.0.0.1/32", "without a rule of ours AWS lets everything out"


def test_the_endpoints_serve_our_function_our_tables_and_our_key(package: Package) -> None:
    tables, keys = package.properties("DynamoDbEndpoint"), package.properties("KmsEndpoint")
    assert (tables["VpcEndpointType"], tables["ServiceName"]) == (
        "Gateway",
        {"Fn::Sub": "com.amazonaws.${AWS::Region}.dynamodb"},
    )
    [way] = tables["PolicyDocument"]["Statement"]
    assert [one["Fn::GetAtt"][0] for one in way["Resource"]] == ["TenantsTable", "CrmTable"]
    assert way["Condition"] == {"ArnEquals": {"aws:PrincipalArn": {"Fn::GetAtt": ["ReachRouterRole", "Arn"]}}}
    assert (keys["VpcEndpointType"], keys["PrivateDnsEnabled"]) == ("Interface", True)
    [way] = keys["PolicyDocument"]["Statement"]
    assert (way["Action"], way["Resource"]) == ("kms:Decrypt", {"Fn::GetAtt": ["RouterKey", "Arn"]})
    assert way["Principal"] == {"AWS": {"Fn::GetAtt": ["ReachRouterRole", "Arn"]}}


def test_the_subnets_are_private_and_in_two_zones(package: Package) -> None:
    zones = [one["Properties"]["AvailabilityZone"] for one in package.of_type("AWS::EC2::Subnet").values()]
    assert zones == [{"Fn::Select": [number, {"Fn::GetAZs": ""}]} for number in (0, 1)]
    assert not [
        name
        for name, one in package.of_type("AWS::EC2::Subnet").items()
        if one["Properties"]["MapPublicIpOnLaunch"] is not False
    ]
    [route] = package.of_type("AWS::EC2::Route").values()
    assert route["Properties"]["DestinationCidrBlock"] == {"Ref": "RouterNetwork"}
    assert route["Properties"]["GatewayId"] == {"Ref": "VpnGateway"}


def test_the_vpn_has_two_tunnels_of_today_and_no_key_in_the_template(package: Package) -> None:
    vpn = package.properties("Vpn")
    assert (vpn["LocalIpv4NetworkCidr"], vpn["RemoteIpv4NetworkCidr"]) == (
        {"Ref": "RouterNetwork"},
        {"Ref": "VpcNetwork"},
    )
    tunnels = vpn["VpnTunnelOptionsSpecifications"]
    assert len(tunnels) == 2
    for tunnel in tunnels:
        assert tunnel["IKEVersions"] == [{"Value": "ikev2"}]
        assert tunnel["Phase1EncryptionAlgorithms"] == tunnel["Phase2EncryptionAlgorithms"] == [{"Value": "AES256"}]
        assert tunnel["Phase1DHGroupNumbers"] == tunnel["Phase2DHGroupNumbers"] == [{"Value": 14}]
    assert "PreSharedKey" not in json.dumps(package.template)


def test_a_vpn_that_is_down_wakes_a_person(package: Package) -> None:
    alarm = package.properties("VpnIsDown")
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/VPN", "TunnelState", "Maximum")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["Dimensions"] == [{"Name": "VpnId", "Value": {"Ref": "Vpn"}}]


@pytest.mark.parametrize("word", ["InternetGateway", "NatGateway", "AWS::EC2::EIP", "AWS::EC2::Instance", "Peering"])
def test_there_is_no_way_to_the_internet(package: Package, word: str) -> None:
    assert not [name for name, one in package.template["Resources"].items() if word in one["Type"]]
