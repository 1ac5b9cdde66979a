"""The stage `runtime`: a trained student → an ONNX graph that runs without torch."""
