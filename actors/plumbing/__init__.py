"""What actors are joined with: channels, the clock, views that one of them publishes, nurseries, back-off."""
