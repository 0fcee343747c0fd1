-- ARGV: version; id of a crawl that is new; options; member; lease; name of the member; 0 without a list, 1 with one, or 2
-- with the rest of one, which begins no run; unix time; the id of the crawl that the caller was a member of, or nothing;
-- the name of the list; 1 if answers are kept.
-- Begins the crawl or the next run if there is none that goes on, and makes the caller a member of it. May run
-- twice.
local version, id, options, who, lease, name = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local may_begin, has_list, list = ARGV[7] == '1', ARGV[7] ~= '0', ARGV[10]
local how = 'JOINED'

-- The name of the first option that differs; what requests say of the user may differ.
local function difference(theirs, ours)
	if theirs == ours then
		return nil
	end
	local a, b, names = cjson.decode(theirs), cjson.decode(ours), {}
	for key in pairs(a) do
		names[#names + 1] = key
	end
	for key in pairs(b) do
		if a[key] == nil then
			names[#names + 1] = key
		end
	end
	table.sort(names)
	for _, key in ipairs(names) do
		local x = a[key] == nil and '' or cjson.encode(a[key])
		local y = b[key] == nil and '' or cjson.encode(b[key])
		if key ~= 'request' and x ~= y then
			return {'OPTIONS', key, x, y}
		end
	end
	return nil
end

local function begin_run(run)
	call('HMSET', CRAWL, 'run', run, 'options', options, 'began', ARGV[8], 'left', 0, 'offered', 0, 'seen', 0,
		'buckets', 1, 'settled', 0, 'forwarded', 0, 'answers', ARGV[11])
	call('HDEL', CRAWL, 'looker', 'ended', 'grace', 'o:0', 'o:1', 'o:2', 'o:3', 'lost')
end

-- A Redis that removes any key when its memory is full could lose URLs, or whose they are. If the user may not ask, we
-- trust.
local memory = redis.pcall('INFO', 'memory')
local policy = type(memory) == 'string' and string.match(memory, 'maxmemory_policy:(allkeys[%w-]*)')
if policy and not string.find(memory, 'maxmemory:0\r') then
	return {'EVICTS', policy}
end
local crawl = call('HMGET', CRAWL, 'version', 'run', 'ended', 'options', 'id', 'looker')
local run = crawl[2]
local has_unread = run and call('EXISTS', PREFIX .. run .. ':unread') == 1
local is_member = run and call('ZSCORE', PREFIX .. run .. ':alive', who)
if ARGV[9] ~= '' and crawl[5] ~= ARGV[9] then
	return {'LOST'}
end
if not crawl[1] then
	call('HMSET', CRAWL, 'version', version, 'id', id)
	run, how = '1', 'FIRST'
	begin_run(run)
elseif tonumber(crawl[1]) > tonumber(version) then
	return {'NEWER', crawl[1]}
elseif crawl[3] and may_begin and not has_unread and not is_member then
	run, how = tostring(tonumber(run) + 1), 'NEXT'
	begin_run(run)
else
	local differs = difference(crawl[4], options)
	if differs then
		return differs
	end
	-- While somebody looks for pages that have left the lists, what a new list has would count as gone.
	local is_looked_for = not crawl[3] and crawl[6] and call('ZCOUNT', PREFIX .. run .. ':alive', now, '+inf') > 0
	if is_looked_for and may_begin and not is_member then
		return {'LATER'}
	end
	-- A run that has ended without all of a list goes on when a list comes.
	if crawl[3] and may_begin and has_unread then
		call('HDEL', CRAWL, 'ended')
	elseif crawl[3] then
		how = 'ENDED'
	end
end
begin(run, who)
if how ~= 'ENDED' and not call('ZSCORE', R .. 'alive', member) then
	call('ZADD', R .. 'alive', now + lease, member)
	call('SADD', R .. 'members', member)
	call('HMSET', R .. 'm:' .. member, 'batch', 0, 'name', name, 'began', now, 'settled', 0)
	if has_list then
		call('SADD', R .. 'feeders', member)
	end
	-- What goes on after a lost lease may be no list, but what was found.
	if has_list and list ~= '' then
		call('HSET', R .. 'unread', list, member)
		call('HSET', R .. 'm:' .. member, 'list', list)
	end
end
local last = call('HMGET', CRAWL, 'id', 'swept')
return {how, last[1], run, tonumber(last[2] or 0)}
