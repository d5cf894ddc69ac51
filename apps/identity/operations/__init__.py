"""IAM's and STS's operations: iam.py and sts.py say which function is which."""
