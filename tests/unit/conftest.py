"""Being here lets the tests below import the modules of this folder (`fake_predictors`)."""
