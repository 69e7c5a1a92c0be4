"""Cards, and the READMEs that are rendered from them; `render.py` and `readmes.py` need no TensorFlow."""
