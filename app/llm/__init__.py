"""Connected language models: any OpenAI-compatible endpoint, asked and heard as values."""
