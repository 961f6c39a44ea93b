"""Templates of evaluation methods 评标办法模板: the evaluation part of a tender file, kept by name, type and method."""
