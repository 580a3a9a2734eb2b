-- The audit trail's functions: writing, sealing into a hash chain, checking the chain;
-- and the triggers that keep the trails append-only.
create function sg.refuse_change() returns trigger
language plpgsql as $$
begin
  perform sg.fail('SG403', 'append_only', tg_table_name || ' only grows: rows are never changed or taken away.');
  return null;
end $$;

create trigger append_only before update or delete or truncate on sg.audit_event
  for each statement execute function sg.refuse_change();
create trigger append_only before update or delete or truncate on sg.audit_seal
  for each statement execute function sg.refuse_change();
create trigger append_only before update or delete or truncate on sg.job_event
  for each statement execute function sg.refuse_change();

-- Events that wait for their seal. Ids are given before commit, so "all above the last sealed"
-- would miss an event that commits late; this list cannot.
create table sg.audit_pending (
  event_id  bigint primary key
);

create function sg.audit_arrived() returns trigger
language plpgsql security definer set search_path = sg, pg_temp as $$
begin
  insert into sg.audit_pending values (new.id);
  return null;
end $$;
create trigger arrived after insert on sg.audit_event
  for each row execute function sg.audit_arrived();

create function sg.audit(p_action text, p_object_kind text, p_object_id uuid, p_detail jsonb,
                         p_request text) returns void
language sql security definer set search_path = sg, pg_temp as $$
  insert into sg.audit_event (account_id, department_id, action, object_kind, object_id, detail, request)
  values (sg.acting_account(), sg.acting_department(), p_action, coalesce(p_object_kind, ''), p_object_id,
          coalesce(p_detail, '{}'), coalesce(p_request, ''));
$$;

-- The text of an event that is hashed: one JSON array, times in UTC to the microsecond.
-- jsonb orders and spells its members in one way only, so the same row always gives the same text.
create function sg.audit_text(e sg.audit_event) returns text
language sql stable set timezone = 'UTC'
return jsonb_build_array(e.id, to_char(e.at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.account_id,
  e.department_id, e.action, e.object_kind, e.object_id, e.detail, e.request)::text;

create function sg.audit_hash(p_before bytea, e sg.audit_event) returns bytea
language sql stable
return sha256(p_before || convert_to(sg.audit_text(e), 'UTF8'));

-- Chain at most p_limit waiting events, in order. One sealer at a time: another finds the lock
-- taken and seals nothing. Returns how many were sealed.
create function sg.audit_seal(p_limit int) returns int
language plpgsql security definer set search_path = sg, pg_temp as $$
declare
  v_seq bigint;
  v_hash bytea;
  v_event sg.audit_event;
  v_count int := 0;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('sg.audit_seal', 0)) then
    return 0;
  end if;
  select seq, hash into v_seq, v_hash from sg.audit_seal order by seq desc limit 1;
  v_seq := coalesce(v_seq, 0);
  v_hash := coalesce(v_hash, decode(repeat('00', 32), 'hex'));
  for v_event in
    select e.* from sg.audit_pending p join sg.audit_event e on e.id = p.event_id
     order by p.event_id limit p_limit
  loop
    v_seq := v_seq + 1;
    v_hash := sg.audit_hash(v_hash, v_event);
    insert into sg.audit_seal (seq, event_id, hash) values (v_seq, v_event.id, v_hash);
    delete from sg.audit_pending where event_id = v_event.id;
    v_count := v_count + 1;
  end loop;
  return v_count;
end $$;

-- Walk the whole chain. broken_seq: the first seal that does not fit (missing, out of order,
-- its event gone or altered), null when all fit. unsealed: events that wait for their seal.
-- The head may be noted down outside the database: a shorter or other chain shows then.
create function sg.audit_verify(out broken_seq bigint, out sealed bigint, out unsealed bigint,
                                out head_hash bytea)
language plpgsql stable security definer set search_path = sg, pg_temp as $$
declare
  r record;
  v_hash bytea := decode(repeat('00', 32), 'hex');
begin
  sealed := 0;
  for r in
    select s.seq, s.hash, e as event, e.id is null as gone
      from sg.audit_seal s left join sg.audit_event e on e.id = s.event_id
     order by s.seq
  loop
    if r.seq <> sealed + 1 or r.gone or r.hash <> sg.audit_hash(v_hash, r.event) then
      broken_seq := sealed + 1;
      exit;
    end if;
    sealed := r.seq;
    v_hash := r.hash;
  end loop;
  head_hash := v_hash;
  select count(*) into unsealed from sg.audit_event e
   where not exists (select from sg.audit_seal s where s.event_id = e.id);
end $$;
