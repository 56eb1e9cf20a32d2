-- wrk's script: GETs with keys drawn uniformly, all made beforehand. Arguments: seed, number of keys, path's query is none.
-- Tells its figures as one line of JSON, in microseconds.
local threads = 0

function setup(thread)
   threads = threads + 1
   thread:set("number", threads)
end

function init(args)
   math.randomseed(tonumber(args[1]) * 1000 + number)
   keys = tonumber(args[2])
   requests = {}
   for key = 1, keys do
      requests[key] = wrk.format("GET", nil, {["X-User"] = "user-" .. key})
   end
end

function request()
   return requests[math.random(keys)]
end

function done(summary)
   local errors = summary.errors
   print(string.format(
      '{"requests": %d, "duration_us": %d, "bytes": %d, '
         .. '"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}',
      summary.requests, summary.duration, summary.bytes,
      errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
