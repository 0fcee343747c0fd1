-- For wrk: requests the URLs of the file LIST in turn.
local requests, at = {}, 0

function init()
	for line in io.lines(os.getenv("LIST")) do
		requests[#requests + 1] = wrk.format("GET", line:match("^%w+://[^/]+(/.*)$"))
	end
end

function request()
	at = at % #requests + 1
	return requests[at]
end
