-- Changes nothing. How the crawl stands, with up to 200 members.
local names = {'version', 'id', 'run', 'began', 'ended', 'left', 'offered', 'settled', 'seen', 'options', 'o:0', 'o:1',
	'o:2', 'o:3', 'answers'}
local crawl = call('HMGET', CRAWL, unpack(names))
if not crawl[1] then
	return {'NONE'}
end
begin(crawl[3], '')
local answer = {'OK'}
for i = 1, #names do
	answer[i + 1] = crawl[i] or ''
end
local members = {}
for _, id in ipairs(call('SRANDMEMBER', R .. 'members', 200)) do
	local facts = call('HMGET', R .. 'm:' .. id, 'name', 'settled', 'began', 'left', 'lost')
	members[#members + 1] = {facts[1] or '', facts[2] or '0', tostring(call('SCARD', R .. 'mine:' .. id)),
		call('ZSCORE', R .. 'alive', id) and '1' or '0'}
end
answer[#answer + 1] = members
answer[#answer + 1] = call('SCARD', R .. 'feeders')
answer[#answer + 1] = call('HLEN', R .. 'unread')
answer[#answer + 1] = call('HKEYS', R .. 'unread')[1] or ''
return answer
