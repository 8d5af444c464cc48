"""kill -9 of every native process, again and again, under load."""

import os
import signal
import unittest

from supervised import Storm


class Kill(Storm):
    def test_nothing_acknowledged_is_lost_or_doubled(self):
        self.storm(int(os.environ.get("TAYORI_TEST_KILLS", "25")), self.kill_one)

    def kill_one(self, chance):
        name = chance.choice(["spoold", "spoold", "smtpd", "pop3d", "imapd"])
        pid = self.site.row(name)["pid"]
        os.kill(pid, signal.SIGKILL)
        return name, pid


if __name__ == "__main__":
    unittest.main()
