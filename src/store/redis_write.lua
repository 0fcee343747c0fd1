-- ARGV: run, member, number of the script, lease, and then items in the order in which the member gave them.
local answer = enter(ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]))
local stored = 'a:' .. ARGV[3]
if answer and answer[1] == 'DONE' then
	local packed = call('HGET', R .. 'm:' .. member, stored)
	return {'OK', 0, packed and cmsgpack.unpack(packed) or {}, 0, 0, 0}
end
if answer then
	return answer
end
local left, new, settled, forwarded = 0, 0, 0, 0
local touched, outcomes, answers = {}, {}, {}
local wakes = false

local function push(host, record)
	call('RPUSH', R .. 'p:' .. host, record)
	touched[host] = true
end

-- Adds a mark for the target of a redirect of the URL `source`. Returns true if the target was neither offered
-- nor marked, but by that URL itself: the process that had claimed it then may have died before it was settled.
local function mark(id, source)
	local bucket = bucket_of(id)
	local value = tonumber(call('HGET', bucket, id))
	if not value then
		call('HSET', bucket, id, ONLY_MARKED)
		call('HSET', R .. 'marks', id, source)
		seen = seen + 1
		return true
	end
	if value >= MARKED and call('HGET', R .. 'marks', id) == source then
		return true
	end
	if value < MARKED then
		call('HSET', bucket, id, value + MARKED)
	end
	return false
end

-- Each item has a letter and this many arguments behind it.
local items = {
	-- offer: host, depth, 1 if it was found or 0 if it was listed, record (which begins with the id)
	o = {4, function(host, depth, found, record)
		local id = string.sub(record, 1, 8)
		local bucket = bucket_of(id)
		local value = tonumber(call('HGET', bucket, id))
		depth = math.min(tonumber(depth), DEPTHS)
		if not value then
			call('HSET', bucket, id, depth)
			seen = seen + 1
		elseif value == ONLY_MARKED and found == '0' then
			call('HSET', bucket, id, depth + MARKED)
		else
			if value ~= ONLY_MARKED and depth < value % MARKED then
				call('HSET', bucket, id, value - value % MARKED + depth)
			end
			return
		end
		push(host, record)
		left = left + 1
		new = new + 1
	end},
	-- settle: host, id, kind of the outcome
	s = {3, function(host, id, kind)
		if call('HDEL', R .. 'c:' .. host, id) == 1 then
			left = left - 1
			settled = settled + 1
			outcomes[kind] = (outcomes[kind] or 0) + 1
		end
	end},
	-- a part of links that are to be kept, which come before the claim is settled: id, 1 if it is the first, bytes
	p = {3, function(id, first, bytes)
		local key = R .. 'staged:' .. member .. ':' .. id
		if first == '1' then
			call('DEL', key)
		end
		call('RPUSH', key, bytes)
	end},
	-- settle with what becomes of the answer that is kept: host, id, kind of the outcome or nothing if it does not
	-- count, how (kept, confirmed, new, gone), the flags of the answer, the answer, its links, 1 if these were staged
	t = {8, function(host, id, kind, how, flags, answer, links, staged)
		if call('HDEL', R .. 'c:' .. host, id) ~= 1 then
			return
		end
		left = left - 1
		if kind ~= '' then
			settled = settled + 1
			outcomes[kind] = (outcomes[kind] or 0) + 1
		end
		local key, links_key = PREFIX .. 'answer:' .. id, PREFIX .. 'links:' .. id
		local head = string.format('%015d', tonumber(ARGV[1])) .. flags
		if how == 'gone' or how == 'new' then
			call('UNLINK', key, links_key)
		end
		if how == 'kept' and call('EXISTS', key) == 1 then
			call('SETRANGE', key, 0, head)
		elseif how == 'new' or how == 'confirmed' then
			call('SET', key, head .. answer)
		end
		if staged == '1' then
			call('RENAME', R .. 'staged:' .. member .. ':' .. id, links_key)
		elseif links ~= '' then
			call('RPUSH', links_key, links)
		end
	end},
	-- all pages were looked at that may have left the lists
	y = {0, function()
		call('HSET', CRAWL, 'looker', 'done')
	end},
	-- release a claim: host, id
	r = {2, function(host, id)
		local record = call('HGET', R .. 'c:' .. host, id)
		if record then
			call('HDEL', R .. 'c:' .. host, id)
			call('LPUSH', R .. 'p:' .. host, record)
			touched[host] = true
		end
	end},
	-- mark: id, id of the URL that was redirected
	m = {2, function(id, source)
		answers[#answers + 1] = mark(id, source) and 1 or 0
	end},
	-- forward a claim: host, id, id of the target, 1 to do so even if that is known, host of the target, record
	f = {6, function(host, id, target, always, to, record)
		local is_new = mark(target, id)
		local goes = (is_new or always == '1') and call('HDEL', R .. 'c:' .. host, id) == 1
		if goes then
			push(to, record)
			forwarded = forwarded + 1
		end
		answers[#answers + 1] = goes and 1 or 0
	end},
	-- give back a host: host, ms until it may be asked again
	g = {2, function(host, delay)
		if call('HGET', R .. 'owner', host) ~= member then
			return
		end
		while not unclaim(host) do
		end
		call('HDEL', R .. 'owner', host)
		call('SREM', R .. 'mine:' .. member, host)
		call('SREM', R .. 'fed:' .. member, host)
		wakes = make_ready(host, now + tonumber(delay)) or wakes
	end},
	-- a host may not be asked again before: host, ms
	n = {2, function(host, delay)
		call('HSET', R .. 'after', host, now + tonumber(delay))
	end},
	-- an output file: key, value
	w = {2, function(key, value)
		call('HSET', R .. 'outputs', key, value)
	end},
	-- where the crawl starts: a URL
	u = {1, function(url)
		call('ZADD', R .. 'starts', 'NX', call('ZCARD', R .. 'starts'), url)
	end},
	-- the keys of all runs up to this one were removed
	k = {1, function(run)
		call('HSET', CRAWL, 'swept', run)
	end},
	-- no more of the list is read: 1 if that is its end
	e = {1, function(is_end)
		local list = call('HGET', R .. 'm:' .. member, 'list')
		call('SREM', R .. 'feeders', member)
		-- Another one may have begun with it since.
		if list and is_end == '1' and call('HGET', R .. 'unread', list) == member then
			call('HDEL', R .. 'unread', list)
		end
	end},
	-- the member leaves; it has given back its hosts
	l = {0, function()
		call('SREM', R .. 'feeders', member)
		if call('HGET', CRAWL, 'looker') == member then
			call('HDEL', CRAWL, 'looker')
			wakes = true
		end
		call('HDEL', R .. 'idle', member)
		call('ZREM', R .. 'alive', member)
		call('DEL', R .. 'mine:' .. member, R .. 'fed:' .. member)
		call('HDEL', R .. 'm:' .. member, 'last')
		call('HSET', R .. 'm:' .. member, 'left', now)
	end},
}

open_seen()
local i = 5
while ARGV[i] do
	local item = items[ARGV[i]]
	item[2](unpack(ARGV, i + 1, i + item[1]))
	i = i + 1 + item[1]
end
close_seen()
for host in pairs(touched) do
	local owner = call('HGET', R .. 'owner', host)
	if owner then
		call('SADD', R .. 'fed:' .. owner, host)
		wakes = wakes or call('HEXISTS', R .. 'idle', owner) == 1
	elseif not call('ZSCORE', R .. 'ready', host) then
		make_ready(host, 0)
		wakes = true
	end
end
if wakes then
	wake()
end
if forwarded > 0 then
	call('HINCRBY', CRAWL, 'forwarded', forwarded)
end
if settled > 0 then
	call('HINCRBY', CRAWL, 'settled', settled)
	call('HINCRBY', R .. 'm:' .. member, 'settled', settled)
	for kind, count in pairs(outcomes) do
		call('HINCRBY', CRAWL, 'o:' .. kind, count)
	end
end
left = call('HINCRBY', CRAWL, 'left', left)
local looks = end_if_done(left)
-- They are asked for again if the connection is lost now. A member has fewer than 64 scripts without an answer.
call('HDEL', R .. 'm:' .. member, 'a:' .. (tonumber(ARGV[3]) - 64))
if #answers > 0 then
	call('HSET', R .. 'm:' .. member, stored, cmsgpack.pack(answers))
end
return {'OK', left, answers, call('HINCRBY', CRAWL, 'offered', new), idle_elsewhere(), looks}
