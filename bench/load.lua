-- What wrk sends: POSTs of `events` page views each, every event with an id of its own.
-- Arguments after `--`: the site key, events in a body, a word that makes the ids of this run its own.
local threads = {}
local last = 0

function setup(thread)
  last = last + 1
  thread:set("thread_number", last)
  table.insert(threads, thread)
end

local head, n, run, events

function init(args)
  head = '{"key":"' .. args[1] .. '","consent":"statistics",'
  events, run, n = tonumber(args[2]), args[3], 0
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "text/plain"
  wrk.headers["Origin"] = "https://shop.example"
  wrk.headers["User-Agent"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
end

local function event()
  n = n + 1
  local visitor = run .. thread_number .. "-" .. math.floor(n / 9)
  return '"event_id":"' .. run .. thread_number .. "-" .. n .. '","type":"page_view","sequence":' .. n ..
    ',"visitor_key":"' .. visitor .. '","page":{"url":"https://shop.example/kjoler/sommerkjole-vilma?utm_source=instagram' ..
    '&utm_medium=paid_social&utm_campaign=sommer","title":"Sommerkjole Vilma | Havblik","referrer":"https://l.instagram.com/",' ..
    '"kind":"product"}'
end

function request()
  if events == 1 then
    return wrk.format(nil, nil, nil, head .. event() .. "}")
  end
  local all = {}
  for i = 1, events do all[i] = "{" .. event() .. "}" end
  return wrk.format(nil, nil, nil, head .. '"events":[' .. table.concat(all, ",") .. "]}")
end

local bad = 0

function response(status)
  if status ~= 202 and status ~= 204 then bad = bad + 1 end
  answered_badly = bad
end

function done(summary, latency)
  local refused = 0
  for _, thread in ipairs(threads) do refused = refused + (thread:get("answered_badly") or 0) end
  io.write(string.format(
    '\nRESULT {"requests": %d, "microseconds": %d, "refused": %d, "failed": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration, refused,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
