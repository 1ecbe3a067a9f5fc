"""What lifecycle computes, from arrays: referral credit, keeping against winning, promoters."""
