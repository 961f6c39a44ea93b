"""Bids of one brand (同品牌, 87号令 art. 31): brands as bids say and the committee finds them, who stands for whom."""
