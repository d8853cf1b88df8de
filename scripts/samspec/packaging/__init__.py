"""What a function's artifact holds, and whether Lambda could import it."""
