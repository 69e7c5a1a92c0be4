"""Where the time of a recurrent step goes: its operators one by one, beside the step and the loop as they run.

`steps` finds the operators of a step in a file and cuts files short, `copies` makes files that differ by copies of one
operator, `measurement` times them, `report` shows it.
"""
