-- ARGV: run, member. Changes nothing. What a member asks for on each new connection.
begin(ARGV[1], ARGV[2])
local crawl = call('HMGET', CRAWL, 'version', 'id', 'run', 'ended', 'offered')
if not crawl[1] then
	return {'NONE'}
end
local alive = call('ZSCORE', R .. 'alive', member) and 1 or 0
return {'HELLO', crawl[1], crawl[2], crawl[3], crawl[4] and 1 or 0, alive,
	tonumber(call('HGET', R .. 'm:' .. member, 'batch') or 0), tonumber(crawl[5])}
