"""Ways to get more records for thin topics: base.py with the contract, one file per strategy."""
