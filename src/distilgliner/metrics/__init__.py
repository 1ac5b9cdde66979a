"""Pure measures of predictions against labels; used by distillation and evaluation alike."""
