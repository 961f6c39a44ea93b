"""What is bought and sold, one folder a noun."""
