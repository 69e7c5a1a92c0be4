"""Files of Keras 2, said as Keras 3 says them: the same layers, the same meaning, the same weights.

`translate` brings a configuration over, by one table of differences (`differences`); what cannot be said in Keras 3 is
refused by the layer's name.  `weights` puts the file's arrays where they belong, by name, and none is left over.
"""
