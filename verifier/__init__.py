"""The stranger's tool: checks case files, PDFs, receipts, draws and checkpoints; no flask, no database."""
