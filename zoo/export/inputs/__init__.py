"""What a model does with its inputs, read off its trace: ids that are looked up, masks, lengths, and plain numbers."""
