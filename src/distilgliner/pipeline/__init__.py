"""The whole way with one call: a teacher, labels and text → a student that runs without torch."""
