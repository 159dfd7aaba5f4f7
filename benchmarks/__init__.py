"""`make bench`: what whybot costs, as ratios against something known, measured side by side in one run."""
