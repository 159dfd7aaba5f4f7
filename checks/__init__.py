"""What is true? Read-only questions to an environment's dependencies, each answered within a budget."""
