"""Power cuts of the real spoold: what was not synced is gone or torn, at random, and spoold has to live with the rest."""

import os
import signal
import unittest

from harness.site import until
from supervised import Storm


class PowerCuts(Storm):
    # spoold keeps its files behind a layer that forgets at SIGUSR2 (spoold/store/power_cut.h).
    environment = {**Storm.environment, "TAYORI_POWER_CUT": "signal"}

    def test_nothing_acknowledged_is_lost_or_doubled(self):
        self.storm(int(os.environ.get("TAYORI_TEST_CUTS", "5")), self.cut)

    def cut(self, _chance):
        """The daemons live on: their requests without an answer must end well, too."""
        def running():
            row = self.site.row("spoold")
            return row["pid"] if row and row["running"] else None

        pid = until(running, 5, "spoold runs")
        os.kill(pid, signal.SIGUSR2)
        return "spoold", pid


if __name__ == "__main__":
    unittest.main()
