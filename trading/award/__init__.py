"""定标: the award step beside the evaluation, its publicity, result and notice."""
