-- What all scripts of a crawl share; the Makefile builds it in front of each. See docs/decisions/redis.md for
-- the keys. KEYS[1] is areq:{NAME}:crawl; the braces keep all keys of a crawl on one node of a cluster.
local call = redis.call
local CRAWL = KEYS[1]
local PREFIX = string.sub(CRAWL, 1, -6)
local EVENTS = PREFIX .. 'events'
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- What is given back in one step, and for how long no lease ends after Redis was away: somewhat longer than the
-- longest wait between two attempts to connect.
local STEP, GRACE = 100, 6000
local R -- the prefix of the keys of this run
local member

local function begin(run, who)
	R = PREFIX .. run .. ':'
	member = who
end

-- Begins a script that changes something. Each has a number, one more than the one before; it runs exactly
-- once and in order, whatever the connection does. Returns nil, or what to answer instead of running.
local function enter(run, who, batch, lease)
	begin(run, who)
	local current = call('HGET', CRAWL, 'run')
	if not current then
		return {'LOST'}
	end
	if current ~= run then
		return {'OVER'}
	end
	if not call('ZSCORE', R .. 'alive', member) then
		return {'VOID'}
	end
	local last = tonumber(call('HGET', R .. 'm:' .. member, 'batch'))
	if batch <= last then
		return {'DONE'}
	end
	if batch > last + 1 then
		return {'GAP'}
	end
	-- This comes first: where Redis is out of memory, it fails before anything has changed.
	call('HSET', R .. 'm:' .. member, 'batch', batch)
	call('ZADD', R .. 'alive', now + lease, member)
	local pulse = tonumber(call('HGET', CRAWL, 'pulse') or now)
	-- Each member renews its lease three times as often as it has to, so that nobody had a connection.
	if now - pulse > lease / 2 then
		call('HSET', CRAWL, 'grace', now + GRACE)
	end
	call('HSET', CRAWL, 'pulse', now)
	return nil
end

-- The crawl is over when nothing is pending or claimed, and no list is being read. If answers are kept, one member looks
-- before that for pages that are not on the lists any more, and offers them as gone; if a list was not read to its end,
-- nobody knows which these are. Returns 1 if that member is the caller.
local function end_if_done(left)
	if left > 0 or call('SCARD', R .. 'feeders') > 0 then
		return 0
	end
	local crawl = call('HMGET', CRAWL, 'answers', 'looker', 'offered')
	local looks = crawl[1] == '1' and crawl[2] ~= 'done' and crawl[3] ~= '0' and call('EXISTS', R .. 'unread') == 0
	if looks and not call('ZSCORE', R .. 'alive', member) then
		return 0 -- it leaves
	end
	if looks and crawl[2] ~= member and not (crawl[2] and call('ZSCORE', R .. 'alive', crawl[2])) then
		call('HSET', CRAWL, 'looker', member)
		crawl[2] = member
	end
	if looks then
		return crawl[2] == member and 1 or 0
	end
	if call('HSETNX', CRAWL, 'ended', now) == 1 then
		call('PUBLISH', EVENTS, 'ended')
	end
	return 0
end

-- At most one message for each time that members have become idle.
local function wake()
	if call('DEL', R .. 'idle') == 1 then
		call('PUBLISH', EVENTS, 'ready')
	end
end

-- How many transfers of other members are idle.
local function idle_elsewhere()
	local sum, idle = 0, call('HGETALL', R .. 'idle')
	for i = 1, #idle, 2 do
		sum = sum + (idle[i] == member and 0 or idle[i + 1])
	end
	return sum
end

-- A host without an owner waits in `ready` from now on, or from a later time, if it has pending URLs.
local function make_ready(host, at)
	local after = tonumber(call('HGET', R .. 'after', host) or 0)
	at = math.max(now, at, after)
	if call('EXISTS', R .. 'p:' .. host) == 1 then
		call('ZADD', R .. 'ready', at, host)
		call('HDEL', R .. 'after', host)
		return true
	end
	if at > now then
		call('HSET', R .. 'after', host, at)
	end
	return false
end

-- Puts up to STEP claimed URLs of a host back in front of its pending ones. Returns true if none is left.
local function unclaim(host)
	local key = R .. 'c:' .. host
	local cursor, list = '0', {}
	repeat -- a part of a sparse hash may be empty
		local scanned = call('HSCAN', key, cursor, 'COUNT', STEP)
		cursor, list = scanned[1], scanned[2]
	until #list > 0 or cursor == '0'
	local ids, records = {}, {}
	for i = 1, #list, 2 do
		ids[#ids + 1] = list[i]
		records[#records + 1] = list[i + 1]
		if #ids == STEP or i + 1 == #list then
			call('HDEL', key, unpack(ids))
			call('LPUSH', R .. 'p:' .. host, unpack(records))
			ids, records = {}, {}
		end
	end
	return call('EXISTS', key) == 0
end

-- The seen URLs are in buckets: hashes that are small enough for Redis to keep them as packed lists. A field
-- is a fingerprint of 8 bytes. Its value is the smallest depth that the URL was found at, up to 62, plus 64 if
-- a redirect has led there, or 127 if that is all that is known. Buckets are split one after the other (linear
-- hashing), so that no step takes long.
local LOAD, MARKED, ONLY_MARKED, DEPTHS = 32, 64, 127, 62
local buckets, seen, level

local function open_seen()
	local counts = call('HMGET', CRAWL, 'buckets', 'seen')
	buckets, seen, level = tonumber(counts[1]), tonumber(counts[2]), 1
	while level * 2 <= buckets do
		level = level * 2
	end
end

local function bucket_of(id)
	local bits = struct.unpack('<I4', id)
	local bucket = bits % (level * 2)
	if bucket >= buckets then
		bucket = bits % level
	end
	return R .. 'seen:' .. bucket
end

local function split_bucket()
	local from = R .. 'seen:' .. (buckets - level)
	local list = call('HGETALL', from)
	local moved, ids = {}, {}
	for i = 1, #list, 2 do
		if struct.unpack('<I4', list[i]) % (level * 2) == buckets then
			moved[#moved + 1] = list[i]
			moved[#moved + 1] = list[i + 1]
			ids[#ids + 1] = list[i]
		end
	end
	if #ids > 0 then
		call('HSET', R .. 'seen:' .. buckets, unpack(moved))
		call('HDEL', from, unpack(ids))
	end
	buckets = buckets + 1
	if buckets == level * 2 then
		level = buckets
	end
end

local function close_seen()
	while seen > buckets * LOAD do
		split_bucket()
	end
	call('HSET', CRAWL, 'buckets', buckets, 'seen', seen)
end
