# SPDX-License-Identifier: MIT
# posthog-python as an app uses it: client.py HOST COUNT
import sys

from posthog import Posthog

client = Posthog("phc_canary_key", host=sys.argv[1], gzip=True)
for i in range(int(sys.argv[2])):
    client.capture(
        "page_opened",
        distinct_id="canary-person",
        properties={"page": "home", "count": i, "dark": True, "canary": "canary"},
    )
client.set(distinct_id="canary-person", properties={"email": "canary@example.org"})
print("flag", client.get_feature_flag("canary-flag", "canary-person"))
client.shutdown()
