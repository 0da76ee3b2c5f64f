"""Stage 6: emitted gradients compared with routes that share no code with them."""

from symbptt.verify.exact import prove as prove
from symbptt.verify.report import Check as Check
from symbptt.verify.report import Report as Report
from symbptt.verify.run import file as file
from symbptt.verify.run import gradients as gradients
