/**
 * Makes a decision, wholly or not at all. KEYS: the key that is there while nobody decides, then those of the decision.
 * ARGV: the act, and its values. Answers what came of it, and a number.
 */
export const DECIDE: string = `
local settling = redis.call('PTTL', KEYS[1])
if settling > 0 then
  return { 'settling', settling }
end
local act = ARGV[1]

-- ARGV: now, and for each mark until when it counts and for how many milliseconds it is kept.
if act == 'mark' then
  local now = tonumber(ARGV[2])
  for i = 2, #KEYS do
    local last = redis.call('GET', KEYS[i])
    -- A mark counts through its last second.
    if last and tonumber(last) + 1 > now then
      return { 'lost', i - 2 }
    end
  end
  for i = 2, #KEYS do
    redis.call('SET', KEYS[i], ARGV[i * 2 - 1], 'PX', ARGV[i * 2])
  end
  return { 'won', 0 }
end

-- KEYS: what is there, and what says that it was redeemed. Answers for how long that is kept.
if act == 'redeem' then
  local left = redis.call('PTTL', KEYS[2])
  if left > 0 and redis.call('SET', KEYS[3], '1', 'NX', 'PX', left) then
    return { 'won', left }
  end
  return { 'lost', 0 }
end

if act == 'claim' and redis.call('DEL', KEYS[2]) == 1 then
  return { 'won', 0 }
end
return { 'lost', 0 }
`
