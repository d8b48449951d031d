"""The figures the product has to show, measured: counts exactly, times as CPU of this process."""
