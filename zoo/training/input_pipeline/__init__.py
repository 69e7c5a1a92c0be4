"""What a training is fed with: batches in an order, and augmented; all of it a function of (seed, epoch, index)."""
