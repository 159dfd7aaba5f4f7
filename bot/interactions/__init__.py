"""What happens when people press something: one file per button, listed in `bot.app`."""
