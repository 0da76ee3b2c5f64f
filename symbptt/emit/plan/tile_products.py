"""Pass: large products in parts that BLAS takes as they lie in memory."""

from dataclasses import replace

from symbptt.emit.plan.statements import Plan


def tile_products(plan: Plan) -> Plan:
    """(h_1; h_2) (V_1, V_2) = (h_1 V_1, h_1 V_2; h_2 V_1, h_2 V_2): products small enough for BLAS to copy nothing."""
    return replace(plan, tiled=True)
