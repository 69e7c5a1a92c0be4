"""What the zoo needs of the machine: durable files, the processor, streams, progress."""
