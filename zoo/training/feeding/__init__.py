"""What a training is fed with: batches in an order, altered and mixed, all of it a function of (seed, epoch, index)."""
