# Draws the sample again and compares. Run it in the folder of the sample: python3 redraw.py
import hashlib, json

def sha(b): return hashlib.sha256(b).digest()

def tree(leaves):  # RFC 6962, section 2.1
    level = [sha(b"\x00" + leaf) for leaf in leaves]
    while len(level) > 1:
        level = [sha(b"\x01" + level[i] + level[i + 1]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
    return level[0]

def shares(rows, size):  # of each stratum, by largest remainder; a stratum left without an item gets one, and the others share the rest
    out, left = {}, dict(rows)
    while left:
        total = sum(left.values())
        quota = {k: size * n // total for k, n in left.items()}
        order = sorted(left, key=lambda k: (-(size * left[k] % total), k))
        for k in order[:size - sum(quota.values())]:
            quota[k] += 1
        empty = [k for k in left if quota[k] == 0]
        if not empty:
            return out | quota
        for k in empty:
            out[k] = 1
            del left[k]
        size -= len(empty)
    return out

sheet = json.load(open("sample.json", encoding="utf-8"))
rows = open("population.jsonl", "rb").read().split(b"\n")[:-1]
plan, root = sheet["plan"], tree(rows)
seed = sha(root + bytes.fromhex(sheet["nonce"]))
strata = {}
for line, row in enumerate(rows, 1):
    value = json.dumps(json.loads(row)[plan["stratify"]], ensure_ascii=False, separators=(",", ":"), sort_keys=True) if plan["stratify"] else ""
    strata.setdefault(value.encode(), []).append((line, row))
drawn = []
for key, size in shares({k: len(v) for k, v in strata.items()}, plan["size"]).items():
    members = strata[key]
    if plan["method"] == "random":
        members = sorted(members, key=lambda m: sha(seed + b"%d:" % m[0] + m[1]))[:size]
    else:
        start, n = int.from_bytes(sha(seed + key), "big") % len(members), len(members)
        members = [members[(start + i * n // size) % n] for i in range(size)]
    drawn += [line for line, _ in members]
assert root.hex() == sheet["population"]["root"], "the population is not the one that the sheet names"
assert seed.hex() == sheet["seed"], "the seed is another"
assert sorted(drawn) == [item["line"] for item in sheet["items"]], "other items are drawn"
print("drawn again:", *sorted(drawn))
