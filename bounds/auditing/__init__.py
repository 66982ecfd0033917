"""What an audit is made of: signs, directions, limits, and where a bound says anything."""
