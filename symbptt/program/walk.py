"""Questions about expressions and statements, and expressions made from others."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import sympy as sp

from symbptt.program.ir import (
    Add,
    Assign,
    AtMost,
    Buffer,
    Delta,
    Expr,
    For,
    Group,
    Index,
    InverseUnitLower,
    Map,
    Mul,
    Num,
    Product,
    Read,
    Reduce,
    Select,
    Statement,
    Subscript,
    Within,
)


def parts(expression: Expr) -> tuple[Expr, ...]:
    """The operands."""
    match expression:
        case Add(args) | Mul(args):
            return args
        case Map(_, argument):
            return (argument,)
        case Reduce(_, _, body) | Within(_, _, _, body) | InverseUnitLower(_, _, _, body):
            return (body,)
        case Select(left, right, yes, no):
            return (left, right, yes, no)
    return ()


def with_parts(expression: Expr, made: tuple[Expr, ...]) -> Expr:
    """The same operation on other operands."""
    match expression:
        case Add() | Mul():
            return replace(expression, args=made)
        case Map():
            return replace(expression, argument=made[0])
        case Reduce() | Within() | InverseUnitLower():
            return replace(expression, body=made[0])
        case Select():
            return Select(*made)
    return expression


def nodes(expression: Expr) -> Iterator[Expr]:
    """The expression and all that it is made of, in the order of evaluation."""
    yield expression
    for part in parts(expression):
        yield from nodes(part)


def reads(expression: Expr) -> Iterator[Read]:
    """Every read, in the order of evaluation."""
    return (node for node in nodes(expression) if isinstance(node, Read))


def subscripts(expression: Expr) -> Iterator[Subscript]:
    """The subscripts in the expression itself, without those in its operands."""
    match expression:
        case Read(_, at):
            yield from at
        case Delta(left, right) | AtMost(left, right) | InverseUnitLower((left, right)):
            yield from (left, right)
        case Within(at, _, _, _):
            yield at


def indices(expression: Expr) -> dict[Index, None]:
    """The free indices, in reading order."""
    found = {index: None for s in subscripts(expression) for index in s.indices}
    for part in parts(expression):
        found |= indices(part)
    if isinstance(expression, Reduce):
        found.pop(expression.over, None)
    if isinstance(expression, InverseUnitLower):
        found.pop(expression.rows, None)
        found.pop(expression.columns, None)
    return found


def mapped(expression: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The expression with `change` done to every node, the innermost first."""
    return change(with_parts(expression, tuple(mapped(part, change) for part in parts(expression))))


def moved(at: Subscript, table: dict[Index, Subscript]) -> Subscript:
    """A subscript with its indices replaced; what counts heads is replaced by another index."""
    head = table[at.head].index if at.head in table else at.head
    if at.index is None or at.index not in table:
        return replace(at, head=head)
    return replace(table[at.index].shifted(at.by), head=head, block=at.block) if head else table[at.index].shifted(at.by)


def substituted(expression: Expr, table: dict[Index, Subscript]) -> Expr:
    """The expression with free indices replaced."""

    def change(node: Expr) -> Expr:
        match node:
            case Read(buffer, at):
                return Read(buffer, tuple(moved(s, table) for s in at))
            case Delta(left, right) | AtMost(left, right):
                return replace(node, left=moved(left, table), right=moved(right, table))
            case InverseUnitLower((left, right)):
                return replace(node, at=(moved(left, table), moved(right, table)))
            case Within(at, start, stop, body):
                return Within(moved(at, table), start, stop, body)
        return node

    return mapped(expression, change)


def times(*factors: Expr) -> Expr:
    """A product, without ones; zero if a factor is."""
    flat = [f for f in factors if f != Num(sp.S.One)]
    if any(f == Num(sp.S.Zero) for f in flat):
        return Num(sp.S.Zero)
    return flat[0] if len(flat) == 1 else Mul(tuple(flat)) if flat else Num(sp.S.One)


def plus(*terms: Expr) -> Expr:
    """A sum, without zeros."""
    kept = [x for x in terms if x != Num(sp.S.Zero)]
    return kept[0] if len(kept) == 1 else Add(tuple(kept)) if kept else Num(sp.S.Zero)


def assignments(statements: tuple[Statement, ...]) -> Iterator[Assign | Product]:
    """Every assignment and product, in order."""
    for statement in statements:
        match statement:
            case For(_, body):
                yield from assignments(body)
            case Group(_, inner):
                yield from inner
            case _:
                yield statement


def read_by(statement: Assign | Product) -> tuple[Read, ...]:
    """What a statement reads, without what it adds to."""
    if isinstance(statement, Product):
        operands = (statement.left, statement.right, statement.laid)
        return tuple(Read(m.buffer, m.at) for m in operands if m is not None)
    return tuple(reads(statement.value))


def written_by(statement: Assign | Product) -> Buffer:
    """What a statement writes."""
    return statement.target.buffer if isinstance(statement, Product) else statement.target
