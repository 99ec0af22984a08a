// The island at its pins, compiled: levels of the line from standard input, bytes of its replies to standard output.
// In place of the array stands one that rests some clocks after each request, and now and then does not.
//
// `pins CLOCKS SEED`: clocks a bit; a number other than 0. Input is three bytes each time, what and a number, low first:
//   B n  the byte n with its start and its stop bit
//   L n  the line low for n clocks
//   H n  the line high for n clocks
//   R n  the line high until the zero that ends a reply, for 1024 n clocks at most
//   F 0  output: the clocks so far (8 bytes), how many bytes have come since the last time (4), those bytes

#include "Vpins.h"
#include "verilated.h"
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

static Vpins island;
static uint64_t clocks = 0, random_state = 1;
static unsigned clocks_a_bit;
static std::vector<uint8_t> replies;

static uint64_t draw() {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void array() {
    static bool go = false, strobe = false, stalled = false;
    static unsigned busy = 0;
    static uint64_t chain = 0;
    if (island.reset) {
        busy = 0;
        stalled = false;
        go = island.go;
    } else if (go != island.go) {
        go = island.go;
        busy = 1 + draw() % (draw() % 32 ? 12 : 500);
        // Seldom, and at the first request of a sample: so those of many requests end too.
        stalled = island.present && draw() % 200 == 0;
        island.answer = draw() & 0xffff;
    } else if (busy && !stalled) {
        busy--;
    }
    island.rest = !busy;
    if (island.strobe && !strobe && island.scan) {
        chain = chain << 1 | island.scan_in;
        island.scan_out = chain >> 60 & 1;
    }
    strobe = island.strobe;
}

static void listen() {
    static unsigned at = 0, byte = 0;
    if (at == 0 && island.tx) return;
    at++;
    if (at % clocks_a_bit != (clocks_a_bit + 1) / 2) return;
    unsigned bit = at / clocks_a_bit;
    if (bit == 0 || bit == 9) {
        if (island.tx != (bit == 9)) {
            fprintf(stderr, "a byte of a reply begins or ends wrong\n");
            exit(2);
        }
        if (bit == 9) {
            replies.push_back(byte);
            at = byte = 0;
        }
    } else {
        byte |= island.tx << (bit - 1);
    }
}

static void tick() {
    island.clock = 1;
    island.eval();
    array();
    island.clock = 0;
    island.eval();
    clocks++;
    listen();
}

static void level(bool high, unsigned count) {
    island.rx = high;
    while (count--) tick();
}

static void number(uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) putchar(value >> 8 * i & 0xff);
}

int main(int, char **arguments) {
    clocks_a_bit = strtoul(arguments[1], nullptr, 10);
    random_state = strtoull(arguments[2], nullptr, 10);
    island.rx = 1;
    island.rest = 1;
    island.eval();
    for (;;) {
        int what = getchar(), low = getchar(), high = getchar();
        if (high == EOF) return 0;
        unsigned value = low | high << 8;
        switch (what) {
        case 'B':
            for (unsigned bits = (value & 0xff) << 1 | 0x200, i = 0; i < 10; i++) level(bits >> i & 1, clocks_a_bit);
            break;
        case 'L':
        case 'H':
            level(what == 'H', value);
            break;
        case 'R': {
            island.rx = 1;
            size_t before = replies.size();
            for (uint64_t end = clocks + 1024 * (uint64_t)value; clocks < end; tick())
                if (replies.size() > before && replies.back() == 0) break;
            break;
        }
        case 'F':
            number(clocks, 8);
            number(replies.size(), 4);
            fwrite(replies.data(), 1, replies.size(), stdout);
            fflush(stdout);
            replies.clear();
            break;
        default:
            fprintf(stderr, "%d is no instruction\n", what);
            return 2;
        }
    }
}
