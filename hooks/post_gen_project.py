"""Say what comes next, in the words of Copier's `_message_after_copy`."""

import json

print(json.loads({{ next_steps | tojson | tojson }}))
