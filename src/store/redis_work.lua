-- ARGV: run, member, number of the script, lease, URLs wanted, most of them of one host, most new hosts, how many
-- transfers of the member are idle, the number of starts that it knows, and then hosts that it owns, each with the
-- number of URLs that are wanted of it.
-- Returns URLs that the caller has claimed now, with the hosts that it owns now, and starts that it does not
-- know; after the end of a lease, takes back in steps what it held.
local answer = enter(ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]))
if answer and answer[1] == 'DONE' then
	return cmsgpack.unpack(call('HGET', R .. 'm:' .. member, 'last'))
end
if answer then
	return answer
end
local want, each, hosts_left = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local given = {}
open_seen()

-- Which links of a page are followed depends on the starts, so that the member gets no page before it has all.
local starts = call('ZRANGE', R .. 'starts', ARGV[9], ARGV[9] + 31)
local has_all_starts = call('ZCARD', R .. 'starts') <= ARGV[9] + #starts
if not has_all_starts then
	want = 0
end

local function claim(host, count)
	local key = R .. 'p:' .. host
	count = math.min(count, want)
	local records = count > 0 and call('LRANGE', key, 0, count - 1) or {}
	local fields, entry = {}, {host, 0}
	for _, record in ipairs(records) do
		local id = string.sub(record, 1, 8)
		local depth = tonumber(call('HGET', bucket_of(id), id) or ONLY_MARKED)
		fields[#fields + 1] = id
		fields[#fields + 1] = record
		entry[#entry + 1] = record
		entry[#entry + 1] = depth == ONLY_MARKED and DEPTHS or depth % MARKED
	end
	if #records > 0 then
		call('LTRIM', key, #records, -1)
		call('HSET', R .. 'c:' .. host, unpack(fields))
		want = want - #records
	end
	entry[2] = call('LLEN', key)
	given[#given + 1] = entry
end

-- What members that are dead held. Nobody is dead soon after Redis itself was away.
local crawl = call('HMGET', CRAWL, 'left', 'ended', 'grace')
local reap_again, grace = false, tonumber(crawl[3] or 0)
local expired = grace < now and call('ZRANGEBYSCORE', R .. 'alive', '-inf', now, 'LIMIT', 0, 1)[1]
if expired then
	call('ZREM', R .. 'alive', expired)
	call('SREM', R .. 'feeders', expired)
	call('HDEL', R .. 'idle', expired)
	call('SADD', R .. 'dead', expired)
	call('DEL', R .. 'fed:' .. expired)
	call('HDEL', R .. 'm:' .. expired, 'last')
	call('HSET', R .. 'm:' .. expired, 'lost', now)
end
local dead = call('SRANDMEMBER', R .. 'dead')
if dead then
	for _ = 1, 4 do
		local host = call('SRANDMEMBER', R .. 'mine:' .. dead)
		if not host then
			call('SREM', R .. 'dead', dead)
			break
		end
		if not unclaim(host) then
			break
		end
		call('SREM', R .. 'mine:' .. dead, host)
		call('HDEL', R .. 'owner', host)
		make_ready(host, 0)
	end
	reap_again = call('EXISTS', R .. 'dead') == 1
end

-- Other members have found URLs of the caller's hosts.
for _, host in ipairs(call('SPOP', R .. 'fed:' .. member, 32)) do
	given[#given + 1] = {host, call('LLEN', R .. 'p:' .. host)}
end
for i = 10, #ARGV, 2 do
	if call('HGET', R .. 'owner', ARGV[i]) == member then
		claim(ARGV[i], tonumber(ARGV[i + 1]))
	end
end
if want > 0 and hosts_left > 0 then
	for _, host in ipairs(call('ZRANGEBYSCORE', R .. 'ready', '-inf', now, 'LIMIT', 0, hosts_left)) do
		if want == 0 then
			break
		end
		call('ZREM', R .. 'ready', host)
		call('HSET', R .. 'owner', host, member)
		call('SADD', R .. 'mine:' .. member, host)
		claim(host, each)
		hosts_left = hosts_left - 1
	end
end

-- When to look again if no message comes before: a host may be asked again, or a lease ends.
local wait = (reap_again or not has_all_starts) and 0 or 60000
if wait > 0 then
	for _, key in ipairs({'ready', 'alive'}) do
		local first = call('ZRANGE', R .. key, 0, 0, 'WITHSCORES')
		if first[2] then
			local at = key == 'alive' and math.max(grace + 1, first[2]) or first[2]
			wait = math.min(wait, math.max(0, at - now))
		end
	end
end
if want > 0 and hosts_left > 0 and tonumber(ARGV[8]) > 0 and wait > 0 then
	-- Those that are busy hear it at once, but not from each: they are told with all answers how many there are.
	if call('EXISTS', R .. 'idle') == 0 then
		call('PUBLISH', EVENTS, 'idle ' .. ARGV[8])
	end
	call('HSET', R .. 'idle', member, ARGV[8])
else
	call('HDEL', R .. 'idle', member)
end
local looks = end_if_done(tonumber(crawl[1]))
local ended = call('HGET', CRAWL, 'ended')
answer = {'OK', ended and 1 or 0, wait, idle_elsewhere(), tonumber(crawl[1]), given, starts, looks}
call('HSET', R .. 'm:' .. member, 'last', cmsgpack.pack(answer))
return answer
