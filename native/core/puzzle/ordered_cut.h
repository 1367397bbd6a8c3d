// The exact minimum of
//   E(x) = sum over nodes unary[i][x_i] + sum over edges w_ij (x_i - x_j)^2,   x_i in {0, 1, 2}
// on a grid whose nodes are linked to the next one in their row and in their column. Costs are whole numbers, so the minimum is
// exact. Of all labelings that reach it the one with the largest labels is given: every x_i is as large as in any of them.
//
// By a minimum cut (H. Ishikawa, "Exact optimization for Markov random fields with convex priors", PAMI 2003). A node of the
// grid has two binary nodes, (i,1) = [x_i >= 1] and (i,2) = [x_i >= 2], where 1 is the source's side of the cut. The arcs
//   S -> (i,1) -> (i,2) -> T  of capacities unary[i][0], [1], [2]
// cut exactly one of the three, the label's, as an endless arc (i,2) -> (i,1) forbids (i,2) = 1 with (i,1) = 0. Adding the same
// to all three changes no comparison, so unaries may be negative. With d = x_i - x_j an edge needs
//   w       both ways between (i,1) and (j,1), and between (i,2) and (j,2): as (i,2) <= (i,1), together w |d|
//   2w      (i,2) -> (j,1), which is cut where x_i = 2 and x_j = 0, and (j,2) -> (i,1) where it is the other way round
// in all w, 2w + 2w = 4w for |d| = 1, 2, which is w d^2.
//
// The maximum flow is found by growing a tree from either terminal (Y. Boykov, V. Kolmogorov, "An experimental comparison of
// min-cut/max-flow algorithms", PAMI 2004). At its end a node is in T's tree if and only if T can be reached from it. That set
// is the same for every maximum flow, and the smallest T's side of all minimum cuts: hence the largest labels.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace saliencymix {

// Space for one cut at a time (about 90 KB, without further allocation). A thread keeps one and solves with it again and again.
class OrderedCut {
 public:
  static constexpr int kMaxSide = 16;
  static constexpr int kMaxNodes = kMaxSide * kMaxSide;
  static constexpr int kLabels = 3;

  using Cost = std::int64_t;
  using Unary = std::array<Cost, kLabels>;

  // rows, cols: 1 .. kMaxSide. unary: rows x cols. down: (rows - 1) x cols, to the node below; right: rows x (cols - 1), to the
  // node on the right; both at least 0. Every cost is less than 2^48 in size. labels: rows x cols.
  void solve(int rows, int cols, const Unary* unary, const Cost* down, const Cost* right, std::uint8_t* labels) {
    if (rows != rows_ || cols != cols_) link(rows, cols);
    setCosts(unary, down, right);
    maximiseFlow();
    for (int cell = 0; cell < rows * cols; cell++) {
      const int first = binary(cell, 0), second = binary(cell, 1);
      labels[cell] = static_cast<std::uint8_t>((nodes_[first].tree != Tree::sink) + (nodes_[second].tree != Tree::sink));
    }
  }

 private:
  // Of each binary node: the arc to the other one of its cell, then by direction those to the neighbours' node of the same
  // level, then those to the neighbours' node of the other level.
  enum Direction { kUp, kLeft, kRight, kDown, kDirections };
  static constexpr int kInside = 0, kSameLevel = 1, kOtherLevel = kSameLevel + kDirections;
  static constexpr int kArcs = kOtherLevel + kDirections;
  static constexpr int kBinaryNodes = 2 * kMaxNodes;

  static constexpr Cost kEndless = Cost{1} << 60;

  static constexpr int kNone = -1;      // no parent: a free node, or one whose parent is still to be found
  static constexpr int kTerminal = -2;  // the parent is the tree's terminal

  enum class Tree : std::uint8_t { free, source, sink };

  struct Node {
    Cost terminal;  // capacity left from S where above 0, to T where below 0
    int parent;     // arc to the parent, kNone or kTerminal
    int time;       // when `distance` was last known to be right
    int distance;   // arcs to the terminal, along parents
    Tree tree;
    bool active;    // in the queue of nodes to grow from
  };

  struct Arc {
    Cost left;  // capacity that is left
    int head;
    int back;  // the arc the other way
  };

  // Lists of binary nodes without repetition, as rings: never more than kBinaryNodes wait.
  class Queue {
   public:
    void clear() { first_ = count_ = 0; }
    bool empty() const { return count_ == 0; }
    void push(int node) { nodes_[at(first_ + count_++)] = node; }
    void pushFront(int node) {
      first_ = (first_ + kBinaryNodes - 1) % kBinaryNodes;
      count_++;
      nodes_[at(first_)] = node;
    }
    int pop() {
      const int node = nodes_[at(first_)];
      first_ = (first_ + 1) % kBinaryNodes;
      count_--;
      return node;
    }

   private:
    static std::size_t at(int place) { return static_cast<std::size_t>(place % kBinaryNodes); }

    std::array<int, kBinaryNodes> nodes_;
    int first_ = 0;
    int count_ = 0;
  };

  template <class T, std::size_t N>
  struct Table : std::array<T, N> {
    T& operator[](int i) { return std::array<T, N>::operator[](static_cast<std::size_t>(i)); }
    const T& operator[](int i) const { return std::array<T, N>::operator[](static_cast<std::size_t>(i)); }
  };

  static int binary(int cell, int level) { return 2 * cell + level; }
  static int arcOf(int node, int slot) { return node * kArcs + slot; }

  // Which arcs there are. One over the grid's border leads nowhere: back to its own node, with nothing ever left of it.
  void link(int rows, int cols) {
    rows_ = rows;
    cols_ = cols;
    for (int row = 0; row < rows; row++) {
      for (int col = 0; col < cols; col++) {
        const int cell = row * cols + col;
        const std::array<int, kDirections> neighbours = {row > 0 ? cell - cols : kNone, col > 0 ? cell - 1 : kNone,
                                                         col + 1 < cols ? cell + 1 : kNone,
                                                         row + 1 < rows ? cell + cols : kNone};
        for (int level = 0; level < 2; level++) linkNode(cell, level, neighbours);
      }
    }
  }

  void linkNode(int cell, int level, const std::array<int, kDirections>& neighbours) {
    const int node = binary(cell, level), other = binary(cell, 1 - level);
    arcs_[arcOf(node, kInside)] = {0, other, arcOf(other, kInside)};
    for (int direction = 0; direction < kDirections; direction++) {
      const int neighbour = neighbours[static_cast<std::size_t>(direction)];
      for (const int slots : {kSameLevel, kOtherLevel}) {
        const int arc = arcOf(node, slots + direction);
        const int head = binary(neighbour, slots == kSameLevel ? level : 1 - level);
        const int opposite = kDirections - 1 - direction;
        const bool inGrid = neighbour != kNone;
        arcs_[arc] = {0, inGrid ? head : node, inGrid ? arcOf(head, slots + opposite) : arc};
      }
    }
  }

  void setCosts(const Unary* unary, const Cost* down, const Cost* right) {
    for (int cell = 0; cell < rows_ * cols_; cell++) {
      const Unary& costs = unary[cell];
      const Cost least = std::min({costs[0], costs[1], costs[2]});
      const int first = binary(cell, 0), second = binary(cell, 1);
      nodes_[first].terminal = costs[0] - least;
      nodes_[second].terminal = least - costs[2];
      arcs_[arcOf(first, kInside)].left = costs[1] - least;
      arcs_[arcOf(second, kInside)].left = kEndless;
    }
    for (int row = 0; row < rows_; row++) {
      for (int col = 0; col < cols_; col++) {
        const int cell = row * cols_ + col;
        if (row + 1 < rows_) setEdge(cell, kDown, down[cell]);
        if (col + 1 < cols_) setEdge(cell, kRight, right[cell - row]);
      }
    }
  }

  void setEdge(int cell, Direction direction, Cost weight) {
    for (int level = 0; level < 2; level++) {
      const int node = binary(cell, level);
      Arc& same = arcs_[arcOf(node, kSameLevel + direction)];
      same.left = arcs_[same.back].left = weight;
      // From level 2 to level 1 only.
      Arc& across = arcs_[arcOf(node, kOtherLevel + direction)];
      across.left = level == 1 ? 2 * weight : 0;
      arcs_[across.back].left = 2 * weight - across.left;
    }
  }

  void maximiseFlow() {
    active_.clear();
    time_ = 0;
    for (int node = 0; node < 2 * rows_ * cols_; node++) {
      const Cost terminal = nodes_[node].terminal;
      const bool held = terminal != 0;
      const Tree tree = terminal > 0 ? Tree::source : held ? Tree::sink : Tree::free;
      nodes_[node] = {terminal, held ? kTerminal : kNone, 0, held ? 1 : 0, tree, false};
      if (held) activate(node);
    }
    while (!active_.empty()) {
      const int node = active_.pop();
      nodes_[node].active = false;
      // A node may be on several paths; it may also have left its tree, here or before its turn.
      while (nodes_[node].tree != Tree::free) {
        const int bridge = grow(node);
        if (bridge == kNone) break;
        time_++;
        augment(bridge);
        adoptOrphans();
      }
    }
  }

  void activate(int node) {
    if (nodes_[node].active) return;
    nodes_[node].active = true;
    active_.push(node);
  }

  // What is left of an arc that leads away from the terminal of `tree`: flow comes from S, but goes to T.
  Cost outward(Tree tree, const Arc& arc) const { return tree == Tree::source ? arc.left : arcs_[arc.back].left; }

  // Takes free neighbours into the node's tree. Gives an arc from the source's tree to the sink's, when one is found.
  int grow(int node) {
    const Node& from = nodes_[node];
    for (int slot = 0; slot < kArcs; slot++) {
      const int at = arcOf(node, slot);
      const Arc& arc = arcs_[at];
      if (outward(from.tree, arc) == 0) continue;
      Node& to = nodes_[arc.head];
      if (to.tree == Tree::free) {
        to.tree = from.tree;
        to.parent = arc.back;
        to.time = from.time;
        to.distance = from.distance + 1;
        activate(arc.head);
      } else if (to.tree != from.tree) {
        return from.tree == Tree::source ? at : arc.back;
      } else if (to.time <= from.time && to.distance > from.distance + 1) {
        // A shorter way to the terminal.
        to.parent = arc.back;
        to.time = from.time;
        to.distance = from.distance + 1;
      }
    }
    return kNone;
  }

  // As much as can flow from terminal to terminal over the bridge. Nodes that nothing more can reach lose their parent.
  void augment(int bridge) {
    const int start = arcs_[arcs_[bridge].back].head, end = arcs_[bridge].head;
    const Cost amount = std::min({arcs_[bridge].left, leftTo(start, Tree::source), leftTo(end, Tree::sink)});
    arcs_[bridge].left -= amount;
    arcs_[arcs_[bridge].back].left += amount;
    push(start, Tree::source, amount);
    push(end, Tree::sink, amount);
  }

  Cost leftTo(int node, Tree tree) const {
    Cost least = kEndless;
    while (nodes_[node].parent != kTerminal) {
      const Arc& toParent = arcs_[nodes_[node].parent];
      least = std::min(least, outward(tree, arcs_[toParent.back]));
      node = toParent.head;
    }
    return std::min(least, std::abs(nodes_[node].terminal));
  }

  void push(int node, Tree tree, Cost amount) {
    const Cost signedAmount = tree == Tree::source ? amount : -amount;
    while (nodes_[node].parent != kTerminal) {
      Arc& toParent = arcs_[nodes_[node].parent];
      Arc& fromParent = arcs_[toParent.back];
      toParent.left += signedAmount;
      fromParent.left -= signedAmount;
      const int parent = toParent.head;
      if (outward(tree, fromParent) == 0) orphan(node);
      node = parent;
    }
    nodes_[node].terminal -= signedAmount;
    if (nodes_[node].terminal == 0) orphan(node);
  }

  void orphan(int node) {
    nodes_[node].parent = kNone;
    orphans_.pushFront(node);
  }

  void adoptOrphans() {
    while (!orphans_.empty()) {
      const int node = orphans_.pop();
      if (!adopt(node)) release(node);
    }
  }

  // Finds the parent that is nearest to the terminal.
  bool adopt(int node) {
    Node& child = nodes_[node];
    int nearest = 0;
    for (int slot = 0; slot < kArcs; slot++) {
      const int at = arcOf(node, slot);
      const Arc& toParent = arcs_[at];
      if (nodes_[toParent.head].tree != child.tree || outward(child.tree, arcs_[toParent.back]) == 0) continue;
      const int distance = distanceOf(toParent.head);
      if (distance == kNone || (child.parent != kNone && distance >= nearest)) continue;
      nearest = distance;
      child.parent = at;
    }
    if (child.parent == kNone) return false;
    child.time = time_;
    child.distance = nearest + 1;
    return true;
  }

  // Arcs to the terminal along parents, kNone if that way ends at an orphan. Nodes on the way remember it until the next path.
  int distanceOf(int start) {
    int steps = 0, node = start;
    while (nodes_[node].time != time_) {
      const int parent = nodes_[node].parent;
      if (parent == kNone) return kNone;
      steps++;
      if (parent == kTerminal) break;
      node = arcs_[parent].head;
    }
    const int distance = steps + (nodes_[node].time == time_ ? nodes_[node].distance : 0);
    int left = distance;
    for (node = start; nodes_[node].time != time_; node = arcs_[nodes_[node].parent].head) {
      nodes_[node].time = time_;
      nodes_[node].distance = left--;
      if (nodes_[node].parent == kTerminal) break;
    }
    return distance;
  }

  // No parent: the node leaves its tree. Its children look for others, and neighbours may grow to it again.
  void release(int node) {
    const Tree tree = nodes_[node].tree;
    for (int slot = 0; slot < kArcs; slot++) {
      const Arc& arc = arcs_[arcOf(node, slot)];
      Node& neighbour = nodes_[arc.head];
      if (neighbour.tree != tree) continue;
      if (outward(tree, arcs_[arc.back]) > 0) activate(arc.head);
      if (neighbour.parent == arc.back) {
        neighbour.parent = kNone;
        orphans_.push(arc.head);
      }
    }
    nodes_[node].tree = Tree::free;
  }

  int rows_ = 0;
  int cols_ = 0;
  int time_ = 0;
  Table<Node, kBinaryNodes> nodes_;
  Table<Arc, kBinaryNodes * kArcs> arcs_;
  Queue active_;
  Queue orphans_;
};

}  // namespace saliencymix
