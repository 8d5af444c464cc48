"""./tayori: builds, starts, stops, shows and tests the appliance. Python's standard library only."""
