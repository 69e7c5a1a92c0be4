"""What an export is given, checked before anything is converted: the request, the model, the calibration examples."""
