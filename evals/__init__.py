"""How good the assistant is: a test set, metrics, a runner, baselines, a report and a gate."""
