#!/usr/bin/env python3
"""Writes frames.jsonl: frames of our own making for every type and dialect, each with what must be read
from it. A second implementation of GB/T 26875.3, written apart from src/frame, so that the codec is
not only compared with itself.

  tests/data/gb26875/make_frames.py > tests/data/gb26875/frames.jsonl

One JSON object a line: title, profile, hex (a stream), expect (a list: part of each line that
`huozheng frame decode --json` prints).
"""
import json
import struct
import sys

TIME = bytes([5, 4, 15, 23, 11, 26])  # 2026-11-23 15:04:05
ISO = '2026-11-23T15:04:05+08:00'
CONTROL, SEND, CONFIRM, REQUEST, RESPONSE, DENY = range(1, 7)
SRC, DST = 0x0102030405A6, 889


def frame(command, unit, seq=7, time=TIME, src=SRC, dst=DST, version=(1, 1), order='little', end=b'##', spoil=0):
    control = struct.pack('<H', seq) + bytes(version) + time + src.to_bytes(6, order) + dst.to_bytes(6, order)
    body = control + struct.pack('<H', len(unit)) + bytes([command]) + unit
    return b'@@' + body + bytes([(sum(body) + spoil) & 255]) + end


def unit(kind, objects, count=None):
    return bytes([kind, len(objects) if count is None else count]) + b''.join(objects)


def text(words, size=31):
    return words.encode('gb18030').ljust(size, b'\0')[:size]


def part(system, address, component, number):
    return bytes([system, address, component]) + struct.pack('<I', number)


HEAD = {'valid': True, 'reason': None, 'seq': 7, 'version': '1.1', 'time': ISO, 'src': SRC, 'dst': DST}
CASES = []


def case(title, stream, *expect, profile='standard'):
    CASES.append({'title': title, 'profile': profile, 'hex': stream.hex(), 'expect': list(expect)})


def good(title, command, kind, objects, expected, profile='standard', count=None, **more):
    case(title, frame(command, unit(kind, objects, count), **more),
         {**HEAD, 'cmd': command, 'type': kind, 'count': len(objects) if count is None else count,
          'objects': expected}, profile=profile)


def uplink():
    good('system state, two systems', SEND, 1,
         [bytes([1, 2]) + b'\x03\x00' + TIME, bytes([24, 9]) + b'\x00\x3f' + TIME],
         [{'system_type': 1, 'system_word': 'fire-alarm', 'system_address': 2, 'state': 3,
           'states': ['normal', 'fire'], 'time': ISO},
          {'system_type': 24, 'system_zh': '消防电话', 'system_address': 9, 'state': 0x3f00,
           'states': ['main-power-fault', 'backup-power-fault', 'bus-fault', 'manual', 'config-changed', 'reset']}])
    good('component state with a Chinese description', SEND, 2,
         [part(1, 1, 42, 0x00070002) + b'\x02\x00' + text('十二层走廊感烟') + TIME],
         [{'component_type': 42, 'component_word': 'point-optical-smoke-detector', 'address': 458754,
           'address_raw': '02000700', 'state': 2, 'states': ['fire'], 'states_zh': ['火警'],
           'text': '十二层走廊感烟', 'time': ISO}])
    good('all bits of a component, also those without a meaning', SEND, 2,
         [part(255, 255, 121, 0xffffffff) + b'\xff\xff' + text('') + TIME],
         [{'address': 4294967295, 'component_zh': '警报装置', 'text': '', 'states': [
             'normal', 'fire', 'fault', 'shield', 'supervise', 'start', 'feedback', 'delay', 'power-fault',
             'bit-9', 'bit-10', 'bit-11', 'bit-12', 'bit-13', 'bit-14', 'bit-15']}])
    broken = '一二三四五六七八九十甲乙丙丁戊己'.encode('gb18030')[:31]
    good('a description cut inside a character', SEND, 2, [part(1, 1, 40, 1) + b'\0\0' + broken + TIME],
         [{'text': '一二三四五六七八九十甲乙丙丁戊\ufffd', 'states': []}])
    good('a description with spaces, NUL and stale bytes', SEND, 2,
         [part(1, 1, 40, 1) + b'\0\0' + (b'  A\xd7\xd3 \0\xff\xfe' + b'B' * 31)[:31] + TIME], [{'text': 'A子'}])
    good('a description with a byte that is no character', SEND, 2,
         [part(1, 1, 40, 1) + b'\0\0' + b'A\xff\xb5\xda'.ljust(31, b'\0') + TIME], [{'text': 'A\ufffd第'}])
    good('analog values of both signs', SEND, 3,
         [part(11, 1, 99, 5) + bytes([5]) + struct.pack('<h', 3500) + TIME,
          part(1, 1, 31, 6) + bytes([3]) + struct.pack('<h', -16) + TIME,
          part(11, 1, 92, 7) + bytes([2]) + struct.pack('<h', -5) + TIME,
          part(11, 1, 92, 7) + bytes([200]) + struct.pack('<h', -32768) + TIME],
         [{'analog_word': 'pressure-kpa', 'value': '350.0', 'unit': 'kPa', 'value_raw': 3500},
          {'analog_word': 'temperature', 'value': '-1.6', 'unit': '℃'},
          {'analog_zh': '高度', 'value': '-0.05', 'unit': 'm'},
          {'analog_type': 200, 'analog_word': None, 'value': '-32768', 'unit': None}])
    good('operation of a facility', SEND, 4, [bytes([1, 1, 0x22, 9]) + TIME],
         [{'flags': ['silence', 'confirm'], 'flags_raw': 0x22, 'operator': 9, 'time': ISO}])
    good('software version of a facility', RESPONSE, 5, [bytes([1, 1, 3, 12])], [{'software_version': '3.12'}])
    good('configuration of two systems', RESPONSE, 6,
         [bytes([1, 1, 4]) + '主机'.encode('gb18030'), bytes([12, 2, 0])],
         [{'text': '主机', 'system_type': 1}, {'text': '', 'system_type': 12, 'system_address': 2}])
    good('configuration of a component', RESPONSE, 7, [part(1, 1, 23, 9) + text('手报 3-1')],
         [{'component_word': 'manual-call-point', 'text': '手报 3-1'}])
    good('clock of a facility', RESPONSE, 8, [bytes([1, 1]) + TIME], [{'time': ISO}])
    good('state of a transmission device', SEND, 21, [b'\x7e' + TIME],
         [{'state': 0x7e, 'states': ['fire', 'fault', 'main-power-fault', 'backup-power-fault', 'channel-fault',
                                     'line-fault'], 'time': ISO}])
    good('answer to a duty check', SEND, 24, [bytes([0x20, 3]) + TIME],
         [{'flags': ['duty-answer'], 'flags_zh': ['查岗应答'], 'operator': 3}])
    good('version of a transmission device', RESPONSE, 25, [bytes([1, 0])], [{'software_version': '1.0'}])
    good('configuration of a transmission device', RESPONSE, 26, [bytes([3]) + b'ABC'], [{'text': 'ABC'}])
    good('clock of a transmission device', RESPONSE, 28, [TIME], [{'time': ISO}])
    good('a type of the user is kept as bytes', SEND, 200, [b'\x01\x02\x03'], [{'raw': '010203'}], count=9)


def downlink():
    for kind, name in ((61, 'system state'), (66, 'system configuration')):
        good('read %s of two systems' % name, REQUEST, kind, [bytes([1, 1]), bytes([12, 3])],
             [{'system_type': 1}, {'system_type': 12, 'system_address': 3}])
    for kind, name in ((62, 'state'), (63, 'analog value'), (67, 'configuration')):
        good('read %s of a component: no component type' % name, REQUEST, kind, [bytes([1, 2]) + struct.pack('<I', 77)],
             [{'system_type': 1, 'system_address': 2, 'address': 77}])
    good('read operations of a facility', REQUEST, 64, [bytes([1, 2, 102]) + TIME],
         [{'system_address': 2, 'number': 102, 'time': ISO}])
    for kind in (65, 68):
        good('read type %d of a facility' % kind, REQUEST, kind, [bytes([1, 2])], [{'system_address': 2}])
    good('read operations of a device', REQUEST, 84, [bytes([5]) + TIME], [{'number': 5, 'time': ISO}])
    for kind in (81, 85, 86, 88):
        good('read type %d of a device' % kind, REQUEST, kind, [b'\0'], [{'reserved': 0}])
    good('initialise', CONTROL, 89, [b'\0'], [{'reserved': 0}])
    good('set the clock', CONTROL, 90, [TIME], [{'time': ISO}])
    good('duty check within ten minutes', CONTROL, 91, [b'\x0a'], [{'minutes': 10}])
    for command, word in ((CONFIRM, 'confirm'), (DENY, 'deny')):
        case('an empty ' + word, frame(command, b''),
             {**HEAD, 'cmd': command, 'cmd_word': word, 'type': None, 'objects': [], 'role': 'answer'})


def limits():
    for kind, objects in ((1, [bytes(4) + TIME] * 102), (2, [bytes(40) + TIME] * 22), (3, [bytes(10) + TIME] * 63),
                          (24, [bytes(2) + TIME] * 127), (7, [bytes(38)] * 26)):
        good('as many objects of type %d as the standard allows' % kind, SEND, kind, objects, [{}] * len(objects))
    case('one version too many', frame(SEND, unit(25, [b'\1\0'] * 2)), {'valid': False, 'reason': 'unit-count', 'seq': 7})
    case('count 0 is a value', frame(SEND, unit(2, [])), {**HEAD, 'type': 2, 'count': 0, 'objects': []})
    case('count 0 with bytes behind', frame(SEND, unit(2, [b'x'], 0)), {'valid': False, 'reason': 'unit-size', 'seq': 7})
    case('a count that the bytes do not fill', frame(SEND, unit(21, [b'\1' + TIME], 2)),
         {'valid': False, 'reason': 'unit-count'})
    case('more text said than there is', frame(RESPONSE, unit(26, [b'\x09ABC'])), {'valid': False, 'reason': 'unit-size'})
    case('an upload that reads', frame(SEND, unit(61, [b'\1\1'])), {'valid': False, 'reason': 'unit-direction'})
    case('a query that uploads', frame(REQUEST, unit(21, [b'\1' + TIME])), {'valid': False, 'reason': 'unit-direction'})
    case('a reserved type', frame(SEND, unit(9, [b'\1'])), {'valid': False, 'reason': 'unit-type', 'type': 9})
    case('a reserved command', frame(77, b''), {'valid': False, 'reason': 'command', 'cmd': 77})
    case('an upload without a unit', frame(SEND, b''), {'valid': False, 'reason': 'unit-missing'})
    case('one byte is no unit', frame(SEND, b'\x15'), {'valid': False, 'reason': 'unit-size'})
    case('impossible times are none', frame(SEND, unit(28, [bytes([0, 0, 0, 29, 2, 26])]), time=bytes(6)),
         {**HEAD, 'time': None, 'objects': [{'time': None, 'time_raw': '0000001d021a'}]})
    case('29 February of a leap year', frame(SEND, unit(28, [bytes([59, 59, 23, 29, 2, 28])])),
         {**HEAD, 'objects': [{'time': '2028-02-29T23:59:59+08:00'}]})


def streams():
    fire = frame(SEND, unit(2, [part(1, 1, 40, 1) + b'\2\0' + text('') + TIME]), seq=1)
    beat = frame(SEND, unit(21, [b'\1' + TIME]), seq=2)
    seen = [{'valid': True, 'seq': 1}, {'valid': True, 'seq': 2}]
    case('two frames in one stream', fire + beat, *seen)
    case('garbage before, between and after', b'abc@' + fire + b'##@@##' + beat + b'@',
         {'valid': False, 'reason': 'garbage', 'raw': '61626340'}, seen[0], {'valid': False, 'raw': b'##'.hex()},
         {'valid': False, 'raw': b'@@##'.hex()}, seen[1], {'valid': False, 'raw': '40'})
    case('a start mark too many', b'@' + fire, {'valid': False, 'raw': '40'}, seen[0])
    for size in (4096, 65535, 1025):
        bogus = bytearray(fire[:27])
        bogus[24:26] = struct.pack('<H', size)
        case('a length of %d swallows nothing' % size, bytes(bogus) + fire + beat,
             {'valid': False, 'reason': 'length', 'raw': bytes(bogus).hex()}, *seen)
    for size in (1024, 100, 200):
        bogus = bytearray(fire[:27])
        bogus[24:26] = struct.pack('<H', size)
        case('a length of %d swallows no frame' % size, bytes(bogus) + (fire + beat) * 25, {'valid': False}, *(seen * 25))
    case('a frame in the middle of which the next begins', fire[:40] + beat,
         {'valid': False, 'reason': 'end', 'raw': fire[:40].hex()}, seen[1])
    case('the stream ends inside a frame', beat + fire[:-1], seen[1], {'valid': False, 'reason': 'truncated'})
    case('the stream ends inside a head', fire[:11], {'valid': False, 'reason': 'truncated', 'raw': fire[:11].hex()})
    case('a wrong sum, then a good frame', frame(SEND, unit(21, [b'\1' + TIME]), spoil=1) + beat,
         {'valid': False, 'reason': 'checksum', 'seq': 7, 'cmd': 2}, seen[1])
    case('a wrong end mark, then a good frame', frame(SEND, unit(21, [b'\1' + TIME]), end=b'#$') + beat,
         {'valid': False, 'reason': 'end', 'seq': 7}, seen[1])
    marks = frame(SEND, unit(26, [bytes([40]) + b'@@##' * 10]), seq=3)
    case('marks inside the data are data', marks + fire, {'valid': True, 'seq': 3, 'objects': [{'text': '@@##' * 10}]}, seen[0])
    inside = frame(SEND, unit(26, [bytes([len(fire)]) + fire]), seq=3)
    case('a frame inside the data of a good frame is data', inside, {'valid': True, 'seq': 3})
    spoilt = frame(SEND, unit(26, [bytes([len(fire)]) + fire]), seq=3, spoil=5)
    case('a frame inside a broken one is found', spoilt, {'valid': False, 'reason': 'checksum'}, seen[0],
         {'valid': False, 'reason': 'garbage', 'raw': spoilt[-3:].hex()})


def dialects():
    bcd = bytes([0x05, 0x04, 0x15, 0x23, 0x11, 0x26])
    good('BCD times', SEND, 28, [bcd], [{'time': ISO, 'time_raw': bcd.hex()}], profile='dahua', time=bcd)
    case('BCD digits above nine', frame(SEND, unit(28, [b'\x0a\x04\x15\x23\x11\x26']), time=bcd),
         {**HEAD, 'objects': [{'time': None}]}, profile='dahua')
    good('bits of a component that only its vendor names', SEND, 2,
         [part(128, 1, 40, 1) + b'\x02\x56' + text('') + bcd],
         [{'states': ['fire', 'offline', 'open-circuit', 'removed', 'sensor-fault']}], profile='dahua', time=bcd)
    case('registration of 110 bytes', frame(0, unit(0, [bytes(range(110))]), time=bcd),
         {'valid': True, 'role': 'registration', 'cmd': 0, 'type': 0,
          'objects': [{'fields': {'registration': bytes(range(110)).hex()}}]}, profile='dahua')
    case('empty registration', frame(SEND, b''), {'valid': True, 'role': 'registration'}, profile='dahua')
    case('keepalive', frame(7, b''), {'valid': True, 'role': 'keepalive', 'cmd': 7}, profile='dahua')
    case('at most 512 bytes', frame(SEND, unit(2, [bytes(46)] * 12), time=bcd), {'valid': False, 'reason': 'length'},
         profile='dahua')
    case('empty heartbeat', frame(SEND, b''), {'valid': True, 'role': 'keepalive', 'type': None}, profile='heartbeat')
    case('handshake', frame(SEND, b'\x16'), {'valid': True, 'role': 'handshake', 'unit': '16'}, profile='handshake')
    case('another byte is no handshake', frame(SEND, b'\x17'), {'valid': False, 'reason': 'unit-size'}, profile='handshake')
    good('addresses with the high byte first', SEND, 25, [b'\1\0'], [{}], profile='big-endian', order='big')
    good('state of a device without time', SEND, 21, [b'\x02'], [{'states': ['fire']}], profile='fubang-2018')
    good('and with time', SEND, 21, [b'\x02' + TIME], [{'states': ['fire'], 'time': ISO}], profile='fubang-2018')
    good('component state of 48 bytes', SEND, 2,
         [part(135, 40, 40, 9) + b'\x57\x05' + b'\x02\0' + text('温感') + TIME] * 2,
         [{'state': 2, 'states': ['fire'], 'text': '温感', 'time': ISO, 'fields': {'extra': '5705'}}] * 2,
         profile='lora-gateway')
    good('text of a printer', SEND, 9,
         [b'\0\0' + b'33\x05' + b''.join(bytes([len(t.encode('gb18030'))]) + t.encode('gb18030')
                                         for t in ('感烟 1', '9 楼', '故障')) + TIME],
         [{'fields': {'what': '感烟 1', 'where': '9 楼', 'event': '故障'}, 'time': ISO}], profile='lora-gateway')
    good('energy', SEND, 138, [bytes(range(14)) + TIME] * 3,
         [{'fields': {'reading': bytes(range(14)).hex()}, 'time': ISO}] * 3, profile='lora-gateway')
    good('signal and voltage in the place of the time', SEND, 3,
         [part(1, 1, 40, 1) + b'\x03' + struct.pack('<h', 215) + b'\xb5\x00\x24\x0e\x00\x00'],
         [{'value': '21.5', 'fields': {'signal': 'b500240e0000'}}], profile='nb-signal')
    good('a state that is over is no fire', SEND, 135,
         [part(1, 1, 40, 1) + b'\2\0' + text('') + TIME], [{'address': 1, 'fields': {'recovered': 2}}], profile='jk-gh2013g')
    good('production date', SEND, 128, [TIME], [{'time': ISO}], profile='jk-gh2013g')
    good('switch input', SEND, 150, [part(0, 3, 91, 1) + b'\2\0\0' + TIME],
         [{'component_type': 91, 'fields': {'access': 2, 'input': 0}}], profile='fubang-2024')
    for version, reason in (((1, 9), None), ((2, 1), 'version'), ((0, 1), 'version')):
        case('main version %d under strict' % version[0], frame(SEND, unit(25, [b'\1\0']), version=version),
             {'valid': reason is None, 'reason': reason}, profile='strict')
    case('any main version otherwise', frame(SEND, unit(25, [b'\1\0']), version=(16, 0)), {'valid': True, 'version': '16.0'})


def main():
    for part_of in (uplink, downlink, limits, streams, dialects):
        part_of()
    for one in CASES:
        sys.stdout.write(json.dumps(one, ensure_ascii=False) + '\n')


if __name__ == '__main__':
    main()
